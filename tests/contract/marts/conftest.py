"""Homes for these tests."""

from tests.homes import home_0_1_0, unpacked_home_0_1_0  # noqa: F401
