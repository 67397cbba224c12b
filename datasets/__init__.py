"""Pictures, codecs, subjects' samples and truths. (Not Hugging Face's package of the same name.)"""
