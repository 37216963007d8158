using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Statecast.Outbox;

namespace Statecast.EntityFrameworkCore;

/// <summary>Puts Statecast's tables into an application's own model.</summary>
public static class ModelBuilderExtensions
{
    /// <summary>
    /// Adds the tables of <see cref="TableLayout"/> to the model, and so to the application's migrations. Call it once, at the end of <c>OnModelCreating</c>.
    /// No column is added to the application's own tables.
    /// </summary>
    public static ModelBuilder AddStatecast(this ModelBuilder model)
    {
        foreach (var table in TableLayout.Tables)
            model.SharedTypeEntity<TableRow>(table.Name, entity => Render(entity, table));
        return model;
    }

    private static void Render(EntityTypeBuilder<TableRow> entity, TableDefinition table)
    {
        entity.ToTable(table.Name);
        foreach (var (order, column) in table.Columns.Index())
        {
            // Everything is said explicitly, so that the application's own conventions (naming, lengths) do not reach these tables.
            var property = entity.IndexerProperty(ClrType(column), column.Name);
            property.HasColumnName(column.Name).HasColumnOrder(order).IsRequired(!column.Nullable);
            property.Metadata.SetMaxLength(null);
            if (column.Generated)
                property.ValueGeneratedOnAdd();
            else
                property.ValueGeneratedNever();
        }
        entity.HasKey([.. table.Key]);
        foreach (var index in table.Indexes)
            entity.HasIndex([.. index.Columns]).HasDatabaseName(table.NameOf(index)).HasFilter(index.Filter);
    }

    private static Type ClrType(TableColumn column) =>
        column.Type switch
        {
            ColumnType.Text => typeof(string),
            ColumnType.Bytes => typeof(byte[]),
            ColumnType.Int32 => column.Nullable ? typeof(int?) : typeof(int),
            ColumnType.Int64 => column.Nullable ? typeof(long?) : typeof(long),
            ColumnType.Boolean => column.Nullable ? typeof(bool?) : typeof(bool),
            _ => throw new InvalidOperationException($"The EF model has no rendering of {column.Type}."),
        };
}
