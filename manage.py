"""Django's own commands, for development: ``python manage.py makemigrations`` and the like."""

import sys

from django.core.management import execute_from_command_line

from kodeweb import env
from kodeweb.home import prepare_home

if __name__ == "__main__":
    env.use_settings()
    prepare_home()
    execute_from_command_line(sys.argv)
