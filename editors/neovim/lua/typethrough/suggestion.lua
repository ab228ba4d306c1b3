--- One suggestion, and how it is typed through. Knows text and places, nothing of windows, servers or keys.
local compat = require('typethrough.compat')

local M = {}

---@class typethrough.Place Where the cursor is: zero-based, in bytes.
---@field bufnr integer
---@field row integer
---@field col integer
---@field tick integer The text's version there and then.

---@class typethrough.Suggestion
---@field item table The server's item, as it came.
---@field text string Its whole text; lines end with "\n".
---@field row integer Where that begins.
---@field col integer
---@field rest string What of it is still to come at the cursor.
---@field after string The line right of the cursor.
---@field covered integer How many bytes of `after` the text takes the place of.

--- The first line of a text in pieces, round characters of it that already stand right of the cursor; nil when these do not
--- all occur in it, in that order.
---@param line string
---@param there string
---@return { offset: integer, text: string }[]? # at which byte right of the cursor each piece goes
function M.pieces(line, there)
  local pieces, from = {}, 1
  for offset, char in there:gmatch('()([%z\1-\127\194-\244][\128-\191]*)') do
    local at = line:find(char, from, true)
    if not at then return nil end
    table.insert(pieces, { offset = offset - 1, text = line:sub(from, at - 1) })
    from = at + #char
  end
  table.insert(pieces, { offset = #there, text = line:sub(from) })
  return pieces
end

--- How much of what is now right of the cursor a text takes the place of; nil when somebody has changed it.
---@param suggestion typethrough.Suggestion
---@param after string
---@param rest string
---@return integer?
local function covered(suggestion, after, rest)
  local more = #after - #suggestion.after
  local count = suggestion.covered + more
  if more > 0 and #rest < #suggestion.rest and vim.endswith(after, suggestion.after) then
    -- The editor has closed the bracket or quote that was typed; the suggestion closes it too.
    return M.pieces(rest, after:sub(1, more)) and count
  elseif more <= 0 and count >= 0 and vim.endswith(suggestion.after, after) then
    return count
  end
end

--- Takes a suggestion to where the cursor is now. Returns false when the text there does not lead into it, or all of it is
--- typed.
---@param suggestion typethrough.Suggestion
---@param place typethrough.Place
---@return boolean
function M.follow(suggestion, place)
  local lines = vim.api.nvim_buf_get_lines(place.bufnr, suggestion.row, place.row + 1, false)
  if #lines == 0 then return false end
  local after = lines[#lines]:sub(place.col + 1)
  lines[#lines] = lines[#lines]:sub(1, place.col)
  local is_behind = #lines[1] >= suggestion.col
  lines[1] = lines[1]:sub(suggestion.col + 1)
  local typed = table.concat(lines, '\n')
  local rest = suggestion.text:sub(#typed + 1)
  local count = is_behind and rest ~= '' and vim.startswith(suggestion.text, typed) and covered(suggestion, after, rest)
  if not count then return false end
  suggestion.rest, suggestion.after, suggestion.covered = rest, after, count
  return true
end

--- Reads a server's item. Returns nothing when it does not belong where the cursor is.
---@param item table
---@param encoding typethrough.Encoding
---@param place typethrough.Place
---@return typethrough.Suggestion?
function M.read(item, encoding, place)
  local line, range = vim.api.nvim_get_current_line(), item.range
  if type(item.insertText) ~= 'string' or not range or range.start.line ~= place.row then
    return nil
  end
  local start = compat.bytes(line, range.start.character, encoding)
  local covers = compat.bytes(line, range['end'].character, encoding) - place.col
  local text, after = item.insertText:gsub('\r\n?', '\n'), line:sub(place.col + 1)
  ---@type typethrough.Suggestion
  local suggestion =
    { item = item, text = text, row = place.row, col = start, rest = '', after = after, covered = covers }
  return covers >= 0 and start <= place.col and M.follow(suggestion, place) and suggestion or nil
end

--- The next word of a text, with the blanks and line breaks before it. A run of other characters is a word too.
---@param text string
---@return string
function M.word(text)
  local word = vim.fn.matchstr(text, [[^\_s*\%(\k\+\|\%(\k\@!\S\)\+\)]])
  return word ~= '' and word or text
end

--- The next line of a text, with the line breaks before it but not the one after it.
---@param text string
---@return string
function M.line(text)
  return (text:match('^\n*[^\n]*'))
end

--- How much of a suggestion stands in the document once `taken` more bytes of it do: in UTF-16, from the start of its text, in
--- the line ends that the server wrote.
---@param suggestion typethrough.Suggestion
---@param taken integer
---@return integer
function M.accepted_length(suggestion, taken)
  local text = suggestion.text:sub(1, #suggestion.text - #suggestion.rest + taken)
  local is_crlf = suggestion.item.insertText:find('\r\n', 1, true)
  return compat.units(is_crlf and text:gsub('\n', '\r\n') or text, 'utf-16')
end

return M
