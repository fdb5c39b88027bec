-- 1: own_inside.lua:6: change_address: a: expected an address outside of its own network 192.168.1.0/24, got 192.168.1.9
-- (RFC 4787 REQ-7)
return {
  title = "A NAT that is outside what it is inside",
  world = function () return { a = net { nat = "full-cone", alice = host {} } } end,
  run   = function (w) w.a:change_address "192.168.1.9" end,
}
