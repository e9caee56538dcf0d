"""What is raised where a setting cannot be used."""


class ConfigError(ValueError):
    """
    A setting cannot be used; the message names it, the value and what to do, and holds no secret.
    """
