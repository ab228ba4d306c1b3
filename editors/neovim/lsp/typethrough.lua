---@type vim.lsp.Config
return require('typethrough.client').config()
