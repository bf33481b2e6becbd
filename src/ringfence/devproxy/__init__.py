"""A proxy beside a program in development: what it sends to twilio.com goes to the running installation."""
