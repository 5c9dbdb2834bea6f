"""Disclosure control: the policy, the minimum-base filter, the gate, and the ledger of releases."""

from toolkit.disclosure.gate import Released, release
from toolkit.disclosure.ledger import Ledger, UnrecordedRelease
from toolkit.disclosure.policy import Admitted, Policy, admit, load_policy

__all__ = ["Admitted", "Ledger", "Policy", "Released", "UnrecordedRelease", "admit", "load_policy", "release"]
