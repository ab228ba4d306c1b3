---@type vim.lsp.Config
return require('typethrough.server').config()
