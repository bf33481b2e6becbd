-- A database role for each of ringfence's processes. Run it once, as a superuser, in the empty database:
--   psql --file=roles.sql ringfence
-- Then `ringfence migrate` as ringfence_owner, and restrict.sql after each migration.
CREATE ROLE ringfence_owner LOGIN;
CREATE ROLE ringfence_api LOGIN;
CREATE ROLE ringfence_dispatcher LOGIN;
CREATE ROLE ringfence_voice LOGIN;
CREATE ROLE ringfence_console LOGIN;

CREATE SCHEMA ringfence AUTHORIZATION ringfence_owner;
GRANT USAGE ON SCHEMA ringfence TO ringfence_api, ringfence_dispatcher, ringfence_voice, ringfence_console;
ALTER DEFAULT PRIVILEGES FOR ROLE ringfence_owner IN SCHEMA ringfence
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ringfence_api, ringfence_dispatcher, ringfence_voice;
ALTER DEFAULT PRIVILEGES FOR ROLE ringfence_owner IN SCHEMA ringfence
  GRANT SELECT ON TABLES TO ringfence_console;
