-- 2: ipv6_for_ipv4.lua:5: a: expected an IPv4 unicast address, got 2001:db8::5
return {
  title = "An IPv6 address where an IPv4 one belongs",
  world = function ()
    return { a = net { nat = "full-cone", address = "2001:db8::5", alice = host {} } }
  end,
  run   = function () end,
}
