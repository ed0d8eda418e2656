"""Jacobians as structured tensors, and the transforms of ordinary functions: jacobian, grad, hessian, vjp, jvp."""
