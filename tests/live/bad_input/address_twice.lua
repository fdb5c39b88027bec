-- 2: address 11.1.1.2 is given to both alice and bob
return {
  title = "An address given twice in one network",
  world = function ()
    return { alice = host { address = "11.1.1.2" }, bob = host { address = "11.1.1.2" } }
  end,
  run   = function () end,
}
