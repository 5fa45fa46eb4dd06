"""What is allowed.

document   a text as values with their lines      schema, check, sense   what is wrong with them, in words
build      checked values as Settings             policy                 load_policy and the Policy itself
tools      one name for one act                   paths, shell           which files a call touches
upstreams  where calls go, by the model           model_globs            which model ids a glob means
rules/     one rule a file, and evaluate_*        default, describe      the policy of those who have none
"""

from guardian_ci.policy.policy import Policy, check_policy, default_policy, load_policy, policy_from_document
from guardian_ci.policy.problems import Problem
from guardian_ci.policy.settings import Budget, Settings

__all__ = [
    "Budget",
    "Policy",
    "Problem",
    "Settings",
    "check_policy",
    "default_policy",
    "load_policy",
    "policy_from_document",
]
