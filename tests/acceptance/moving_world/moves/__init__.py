"""Every move that people make, registered by importing it: one module a kind of people."""

from tests.acceptance.moving_world.moves import billing, booking, mastering, posting, selling, steering  # noqa: F401
