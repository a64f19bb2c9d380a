"""Conversion factors (CODATA 2018; e and N_A are exact)."""

from __future__ import annotations

KJ_PER_MOL = 96.48533212  # 1 eV per particle [kJ/mol]
MAH_PER_MOL = 96485.33212 / 3.6  # charge of one mole of electrons [mAh/mol]
