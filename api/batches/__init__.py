"""Batches: tables of jobs, checked, planned, and run as one."""
