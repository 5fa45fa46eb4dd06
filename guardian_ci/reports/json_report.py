"""The summary as JSON, for programs. Money is in whole picodollars and, as text, in exact US dollars."""

import json
from dataclasses import asdict

from guardian_ci.audit.summary import Summary
from guardian_ci.audit.tally import Findings, RunTally, SessionTally, Tokens
from guardian_ci.reports.amounts import decimal
from guardian_ci.reports.headline import headline
from guardian_ci.reports.interface import Report


class JsonReport(Report):
    """One JSON object. A field is only ever added, never renamed."""

    def render(self, summary: Summary) -> str:
        """Return the object, indented."""
        text = json.dumps(document(summary), indent=2, ensure_ascii=True)
        # Printed in a workflow step, `##[…]` would be a command to the runner; in JSON it can be spelled otherwise.
        return text.replace("##[", "#\\u0023[") + "\n"


def document(summary: Summary) -> dict[str, object]:
    """Return the object."""
    return {
        "verdict": summary.verdict,
        "headline": headline(summary),
        "calls": {
            "total": summary.calls,
            "approved": summary.approved,
            "rejected": summary.rejected,
            "throttled": summary.throttled_calls,
            "open": summary.open_calls,
        },
        "tokens": _tokens(summary.tokens),
        "cost": {
            **_money(summary.picodollars),
            "estimated_share": round(summary.estimated_share, 6),
            "estimated_calls": summary.estimated_calls,
            "open": _money(summary.open_picodollars),
        },
        "violations": _findings(summary.violations),
        "warnings": _findings(summary.warnings),
        "throttled": _findings(summary.throttled),
        "notices": [asdict(notice) for notice in summary.notices],
        "budgets": [
            {
                "scope": row.scope,
                "spent": _money(row.picodollars),
                "spent_tokens": row.tokens,
                "limit": None if row.limit_picodollars is None else _money(row.limit_picodollars),
                "limit_tokens": row.limit_tokens,
            }
            for row in summary.scopes
        ],
        "sessions": [_session(session) for session in summary.sessions],
        "tools": {name: asdict(tool) for name, tool in summary.tools.items()},
        "models": {
            name: {"calls": model.calls, "tokens": _tokens(model.tokens), "cost": _money(model.picodollars)}
            for name, model in summary.models.items()
        },
        "spend": [{"milliseconds": point.milliseconds, **_money(point.picodollars)} for point in summary.spend],
        "runs": [_run(run) for run in summary.runs],
    }


def _money(picodollars: int) -> dict[str, object]:
    return {"usd": decimal(picodollars), "picodollars": picodollars}


def _tokens(tokens: Tokens) -> dict[str, int]:
    return {**asdict(tokens), "total": tokens.total}


def _findings(findings: Findings) -> dict[str, object]:
    return {
        "total": findings.total,
        "by_rule": findings.by_rule(),
        "left_out": findings.left_out,
        "list": [asdict(row) for row in findings.kept],
    }


def _session(session: SessionTally) -> dict[str, object]:
    return {
        "id": session.id,
        "calls": session.calls,
        "approved": session.approved,
        "rejected": session.rejected,
        "throttled": session.throttled,
        "tokens": _tokens(session.tokens),
        "cost": _money(session.picodollars),
        "estimated_cost": _money(session.estimated_picodollars),
        "budget": None if session.budget_picodollars is None else _money(session.budget_picodollars),
        "token_budget": session.token_budget,
        "first_call": session.first_call,
        "last_call": session.last_call,
        "agents": sorted(session.agents),
        "models": sorted(session.models),
        "tools": dict(sorted(session.tools.items())),
        "paths": list(session.paths),
        "more_paths": session.more_paths,
        "attributed": [
            {
                "agent_session": agent.agent_session,
                "subagent": agent.subagent,
                "parent": agent.parent,
                "calls": agent.calls,
                "refused": agent.refused,
                "tokens": _tokens(agent.tokens),
                "cost": _money(agent.picodollars),
            }
            for agent in session.attributed.values()
        ],
    }


def _run(run: RunTally) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "log": run.log,
        "guardian_version": run.version,
        "policy": {"name": run.policy_name, "file": run.policy_file, "digest": run.policy_digest},
        "started": run.started.isoformat() if run.started else None,
        "last_line": run.last.isoformat() if run.last else None,
        "ended": run.ended,
        "end_reason": run.end_reason,
        "recovered_calls": run.recovered_calls,
        "recovered_cost": _money(run.recovered_picodollars),
        "direct_connections": run.direct_connections,
        "tunnelled": list(run.tunnelled),
        "direct_connections_unseen": run.direct_connections_unseen,
    }
