-- A Linux router that hides which ports are used: `masquerade fully-random`, as container hosts often have it.
return {
  base = "linux-masquerade-input-drop",
  title = "Linux masquerade, fully random",
  kernel = "masquerade-random",
  udp = { ports = "random" },
  tcp = { ports = "random" },
}
