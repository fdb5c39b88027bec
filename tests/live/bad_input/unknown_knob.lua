-- 2: did you mean "filtering"?
return {
  title = "No such knob of a NAT",
  world = function ()
    return { home = net { nat = { udp = { filterin = "address-dependent" } }, alice = host {} } }
  end,
  run   = function () end,
}
