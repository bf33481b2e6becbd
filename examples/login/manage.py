"""Django's command line for the members' site.

python manage.py migrate
python manage.py createsuperuser
python manage.py runserver
"""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "members.settings")
    execute_from_command_line(sys.argv)
