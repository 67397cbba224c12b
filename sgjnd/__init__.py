"""SG-JND: the semantic-guided predictor (Cao et al., ICIP 2024). Its modules arrive behind the same interface."""
