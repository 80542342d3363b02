"""Every move that people make, registered by importing it: one module a kind of people."""

from tests.acceptance.moving_world.moves import (  # noqa: F401
    billing,
    booking,
    forgiving,
    mastering,
    posting,
    selling,
    showing,
    steering,
)
