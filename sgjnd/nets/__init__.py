"""SG-JND's networks. Only files here import torch when they are imported, so that listing methods stays fast."""
