"""The list of studies, and the form that starts one."""
