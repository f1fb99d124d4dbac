"""The day of the launch: files of contracts in, rejects out, first codes for everybody; page by page, resumable."""

from __future__ import annotations

from referral_adapters.launch.code_run import CodeRun
from referral_adapters.launch.contract_file import open_contracts
from referral_adapters.launch.errors import FileRefused
from referral_adapters.launch.import_run import ImportRun
from referral_adapters.launch.pages import pages
from referral_adapters.launch.rehearsal import Rehearsal
from referral_adapters.launch.rejects import Reject, RejectLines
from referral_adapters.launch.source_row import ContractFile, SourceRow

__all__ = [
    "CodeRun",
    "ContractFile",
    "FileRefused",
    "ImportRun",
    "Rehearsal",
    "Reject",
    "RejectLines",
    "SourceRow",
    "open_contracts",
    "pages",
]
