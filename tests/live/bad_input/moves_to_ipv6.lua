-- 1: moves_to_ipv6.lua:5: change_address: a: expected an IPv4 unicast address, got fe80::1
return {
  title = "A NAT that takes an IPv6 address outside",
  world = function () return { a = net { nat = "full-cone", alice = host {} } } end,
  run   = function (w) w.a:change_address "fe80::1" end,
}
