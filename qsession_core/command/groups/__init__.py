"""The commands of ``qsession``, one file a group."""
