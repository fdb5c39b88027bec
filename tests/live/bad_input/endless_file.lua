-- 2: endless_file.lua:2: ran out of its budget
while true do end
