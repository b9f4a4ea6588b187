"""The programs that we compare with: each file installs, configures, starts and stops one."""
