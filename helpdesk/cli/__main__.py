"""`python -m helpdesk.cli`, for where the console script is not on the path."""

from helpdesk.cli import main

main()
