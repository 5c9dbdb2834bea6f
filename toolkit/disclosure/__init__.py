"""Disclosure control: the policy, the minimum-base filter, and the gate that every result passes."""

from toolkit.disclosure.gate import Released, release
from toolkit.disclosure.policy import Admitted, Policy, admit, load_policy

__all__ = ["Admitted", "Policy", "Released", "admit", "load_policy", "release"]
