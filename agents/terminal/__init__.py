"""What `deploy`, `rollback` and `status` share: whom they act for, how they watch a run, what they print, how they exit."""
