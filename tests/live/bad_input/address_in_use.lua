-- 1: address_in_use.lua:10: change_address: address 11.2.2.2 is given to both a and b
return {
  title = "A net that takes another's address",
  world = function ()
    return {
      a = net { nat = "full-cone", alice = host {} },
      b = net { nat = "full-cone", bob = host {} },
    }
  end,
  run   = function (w) w.a:change_address(w.b.address) end,
}
