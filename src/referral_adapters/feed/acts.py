"""The types of a feed's events, and the act each asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from referral_adapters.feed import code_acts, contract_acts, discount_acts, group_acts
from referral_adapters.feed.fields import Fields
from referral_adapters.feed.result import Done
from referral_core.desk import ReferralDesk
from referral_core.entities.act import Act
from referral_core.entities.actor import Actor

FeedAct = Callable[[ReferralDesk, Fields, datetime, Actor], Done]
"""What reads the data of one event, does what it asks, and says what came of it."""

FEED_ACTS: Final[Mapping[str, FeedAct]] = MappingProxyType(
    {
        Act.CONTRACT_CONCLUDED.value: contract_acts.conclude,
        Act.CONTRACT_ACTIVATED.value: contract_acts.activate,
        Act.CONTRACT_TERMINATED.value: contract_acts.terminate,
        Act.CONTRACT_WITHDRAWN.value: contract_acts.withdraw,
        Act.CODE_ATTACH.value: code_acts.attach,
        Act.CODE_CHECK.value: code_acts.check,
        Act.CODE_ISSUE.value: code_acts.issue,
        Act.CODE_END.value: code_acts.end,
        Act.CODE_SHARED.value: code_acts.share,
        Act.GROUP_ADD.value: group_acts.add,
        Act.GROUP_RENAME.value: group_acts.rename,
        Act.GROUP_DISABLE.value: group_acts.disable,
        Act.GROUP_ENABLE.value: group_acts.enable,
        Act.AMOUNT_SET.value: group_acts.set_amount,
        Act.REFERRAL_CHANGE_GROUP.value: code_acts.change_group,
        Act.CASE_OPEN.value: contract_acts.open_case,
        Act.CASE_FINISH.value: contract_acts.finish_case,
        Act.CASE_ABANDON.value: contract_acts.abandon_case,
        Act.BILL_ISSUED.value: discount_acts.bill,
        Act.DISCOUNT_TRANSFER.value: discount_acts.transfer,
        Act.TERMINATION_FEE_NOTE.value: discount_acts.note_fee,
    }
)

NEED_BALANCES: Final = frozenset({Act.BILL_ISSUED.value, Act.DISCOUNT_TRANSFER.value})
"""The types that look at what billing holds, before which due grants are posted."""

NEVER_WARN: Final = frozenset({Act.CODE_CHECK.value})
"""The types for which an unusable code is an answer and not a warning (S5)."""
