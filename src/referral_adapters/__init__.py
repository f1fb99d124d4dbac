"""What the rules are run with: stores, feeds and commands, each behind an optional extra of its own.

No adapter imports another, but for ``cli``, which is assembled from others. The rules are in
:mod:`referral_core`, which knows none of these.
"""
