"""What may leave: the policy, admission of groups that are large enough, and the gate every result passes."""

from toolkit.disclosure.admission import Admitted, admit
from toolkit.disclosure.gate import Released, release
from toolkit.disclosure.policy import Policy, load_policy

__all__ = ["Admitted", "Policy", "Released", "admit", "load_policy", "release"]
