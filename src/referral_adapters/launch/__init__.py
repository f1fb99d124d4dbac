"""The day of the launch: the import of contracts with its rejects, and first codes; page by page, resumable."""

from __future__ import annotations

from referral_adapters.launch.code_run import CodeRun
from referral_adapters.launch.contract_file import ContractFile, open_contracts
from referral_adapters.launch.import_run import ImportRun, Reject, RejectLines, pages
from referral_adapters.launch.rehearsal import Rehearsal
from referral_adapters.launch.rows import FileRefused, SourceRow

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
