"""The fixtures of the host's tests serve the plugins' tests too, so they are loaded from the top."""

pytest_plugins = ("tests.fixtures", "tests.harness", "tests.channels.receiver")
