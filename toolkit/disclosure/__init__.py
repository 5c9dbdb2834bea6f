"""Disclosure control: the policy, the minimum-base filter, and the gate that every result passes."""

from toolkit.disclosure.admission import Admitted, admit
from toolkit.disclosure.gate import Released, release
from toolkit.disclosure.policy import Policy, load_policy

__all__ = ["Admitted", "Policy", "Released", "admit", "load_policy", "release"]
