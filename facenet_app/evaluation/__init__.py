"""Error rates of a model on labelled pictures, and the thresholds that follow from them."""
