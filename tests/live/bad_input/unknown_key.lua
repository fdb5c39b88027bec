-- 2: unknown_key.lua:5: host alice: unknown key "adress"; did you mean "address"?
return {
  title = "No such key",
  world = function ()
    return { alice = host { adress = "11.1.1.2" } }
  end,
  run   = function () end,
}
