using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Shop.Orders.Migrations
{
    /// <inheritdoc />
    public partial class AddStatecast : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "statecast_head",
                columns: table => new
                {
                    contract = table.Column<string>(type: "TEXT", nullable: false),
                    key = table.Column<string>(type: "TEXT", nullable: false),
                    bucket = table.Column<int>(type: "INTEGER", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false),
                    deleted = table.Column<bool>(type: "INTEGER", nullable: false),
                    schema = table.Column<byte[]>(type: "BLOB", nullable: true),
                    content = table.Column<byte[]>(type: "BLOB", nullable: true),
                    operation_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    patches = table.Column<int>(type: "INTEGER", nullable: true),
                    full_at = table.Column<long>(type: "INTEGER", nullable: true),
                    body = table.Column<byte[]>(type: "BLOB", nullable: true),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_statecast_head", x => new { x.contract, x.key });
                }
            );

            migrationBuilder.CreateTable(
                name: "statecast_lane",
                columns: table => new
                {
                    carrier = table.Column<string>(type: "TEXT", nullable: false),
                    destination = table.Column<string>(type: "TEXT", nullable: false),
                    lane = table.Column<int>(type: "INTEGER", nullable: false),
                    next_number = table.Column<long>(type: "INTEGER", nullable: false),
                    incarnation = table.Column<long>(type: "INTEGER", nullable: false),
                    verified = table.Column<long>(type: "INTEGER", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey(
                        "PK_statecast_lane",
                        x => new
                        {
                            x.carrier,
                            x.destination,
                            x.lane,
                        }
                    );
                }
            );

            migrationBuilder.CreateTable(
                name: "statecast_lease",
                columns: table => new
                {
                    shard = table.Column<string>(type: "TEXT", nullable: false),
                    holder = table.Column<string>(type: "TEXT", nullable: true),
                    lease_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    fencing = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    counter = table.Column<long>(type: "INTEGER", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_statecast_lease", x => x.shard);
                }
            );

            migrationBuilder.CreateTable(
                name: "statecast_line",
                columns: table => new
                {
                    carrier = table.Column<string>(type: "TEXT", nullable: false),
                    destination = table.Column<string>(type: "TEXT", nullable: false),
                    lane = table.Column<int>(type: "INTEGER", nullable: false),
                    lease_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    first_number = table.Column<long>(type: "INTEGER", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey(
                        "PK_statecast_line",
                        x => new
                        {
                            x.carrier,
                            x.destination,
                            x.lane,
                            x.lease_id,
                        }
                    );
                }
            );

            migrationBuilder.CreateTable(
                name: "statecast_outbox",
                columns: table => new
                {
                    sequence = table.Column<long>(type: "INTEGER", nullable: false).Annotation("Sqlite:Autoincrement", true),
                    carrier = table.Column<string>(type: "TEXT", nullable: false),
                    destination = table.Column<string>(type: "TEXT", nullable: false),
                    lane = table.Column<int>(type: "INTEGER", nullable: false),
                    lane_number = table.Column<long>(type: "INTEGER", nullable: true),
                    contract = table.Column<string>(type: "TEXT", nullable: false),
                    key = table.Column<string>(type: "TEXT", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: true),
                    revision = table.Column<long>(type: "INTEGER", nullable: false),
                    operation = table.Column<int>(type: "INTEGER", nullable: false),
                    causes = table.Column<string>(type: "TEXT", nullable: true),
                    codec = table.Column<string>(type: "TEXT", nullable: false),
                    schema = table.Column<byte[]>(type: "BLOB", nullable: false),
                    content = table.Column<byte[]>(type: "BLOB", nullable: true),
                    trace_parent = table.Column<string>(type: "TEXT", nullable: true),
                    trace_state = table.Column<string>(type: "TEXT", nullable: true),
                    captured_at = table.Column<long>(type: "INTEGER", nullable: false),
                    keep_each = table.Column<bool>(type: "INTEGER", nullable: false),
                    @base = table.Column<long>(name: "base", type: "INTEGER", nullable: true),
                    body = table.Column<byte[]>(type: "BLOB", nullable: true),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_statecast_outbox", x => x.sequence);
                }
            );

            migrationBuilder.CreateTable(
                name: "statecast_publication",
                columns: table => new
                {
                    carrier = table.Column<string>(type: "TEXT", nullable: false),
                    destination = table.Column<string>(type: "TEXT", nullable: false),
                    contract = table.Column<string>(type: "TEXT", nullable: false),
                    source = table.Column<string>(type: "TEXT", nullable: false),
                    schema = table.Column<byte[]>(type: "BLOB", nullable: false),
                    first_republish_ended = table.Column<bool>(type: "INTEGER", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_statecast_publication", x => new { x.carrier, x.destination });
                }
            );

            migrationBuilder.CreateTable(
                name: "statecast_republish",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false).Annotation("Sqlite:Autoincrement", true),
                    contract = table.Column<string>(type: "TEXT", nullable: false),
                    key = table.Column<string>(type: "TEXT", nullable: true),
                    first_bucket = table.Column<int>(type: "INTEGER", nullable: false),
                    last_bucket = table.Column<int>(type: "INTEGER", nullable: false),
                    destination = table.Column<string>(type: "TEXT", nullable: true),
                    reason = table.Column<string>(type: "TEXT", nullable: false),
                    cursor = table.Column<string>(type: "TEXT", nullable: true),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_statecast_republish", x => x.id);
                }
            );

            migrationBuilder.CreateTable(
                name: "statecast_source",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    layout = table.Column<int>(type: "INTEGER", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_statecast_source", x => x.id);
                }
            );

            migrationBuilder.CreateIndex(
                name: "IX_statecast_head_contract_full_at_key",
                table: "statecast_head",
                columns: new[] { "contract", "full_at", "key" },
                filter: "patches > 0"
            );

            migrationBuilder.CreateIndex(
                name: "IX_statecast_head_contract_bucket_key",
                table: "statecast_head",
                columns: new[] { "contract", "bucket", "key" }
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(name: "statecast_head");

            migrationBuilder.DropTable(name: "statecast_lane");

            migrationBuilder.DropTable(name: "statecast_lease");

            migrationBuilder.DropTable(name: "statecast_line");

            migrationBuilder.DropTable(name: "statecast_outbox");

            migrationBuilder.DropTable(name: "statecast_publication");

            migrationBuilder.DropTable(name: "statecast_republish");

            migrationBuilder.DropTable(name: "statecast_source");
        }
    }
}
