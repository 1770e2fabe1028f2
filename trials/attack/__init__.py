"""The running platform is attacked from outside, on loopback: `make attack`."""
