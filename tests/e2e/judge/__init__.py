# SPDX-License-Identifier: Apache-2.0
"""Tests that know CONTRACT.md alone: tokens and keys made without jeton, the command seen from outside."""
