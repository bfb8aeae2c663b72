"""EditGAN: a picture is edited by editing its mask. Chapter 5."""
