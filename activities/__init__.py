"""Every touch on the outside, one class per neighbour, thin."""
