"""Mails to the audience of an announcement: by its notice plan, and what follows from them until it is over."""
