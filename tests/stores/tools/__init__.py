"""Tests of the tools over whole stores."""
